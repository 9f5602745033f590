"""The supervisor's board: figures, map, rankings, trend, who is late, who climbs; orders and regrading from there."""
