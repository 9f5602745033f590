"""Tasks for departments, phone first: lists, one case, acting, photos in pieces, work without a line."""
