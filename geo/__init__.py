"""Where something is: point or address to the area chain of its day.

``publish`` turns a pack's area files into an atlas folder; ``open_atlas`` maps it; ``Atlas.locate``
answers with a ``domain.place.Place``. ``PlaceholderDetector`` learns a channel's default
coordinates. Area files are read by ``layers``, ``checks``, ``importing`` and ``subdivide`` only:
none of them, and neither GDAL nor geopandas nor pyproj, is imported to open an atlas or to look
something up.

From a point to an answer: ``points`` (is it one?), ``crs``, ``index`` over ``raster`` and ``bands``,
``editions`` (boundaries by day), ``search`` (the rules), ``gazetteer`` over ``place_names`` (addresses).
"""
