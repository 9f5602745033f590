"""A reproducible synthetic subdivision of real districts into streets, communities and grids.

No public geometry exists below the district, so the flagship draws its own inside the
official district polygons. The method, one district at a time:

1. a share of the city's grid cells, in proportion to the district's number of communities,
   is scattered as seeded random points, evened out by Lloyd rounds (each point moves to the
   centre of its cell), and cut by a Voronoi diagram clipped to the district
   (``cells.py``). A district with many communities gets small grids;
2. the cells are gathered into streets and the streets' cells into communities, in the
   numbers that the official code lists give (``groups.py``). Streets of a functional zone
   take the cells nearest to the zone's anchor, so that a zone lies together and about where
   it really is; no other street lies where it really is;
3. all coordinates are rounded to 1e-6 degrees (0.1 m) and noded once for the whole city
   (``coverage.py``), and communities, streets, districts and zones are unions of grids. So
   every level is an exact coverage with shared vertices and every child lies in its parent.

Everything below the district is invented and marked ``synthetic``; the codes and names are real.
"""
