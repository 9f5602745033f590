// The board's map. Until the areas are there it says so; the ranking beside it has the same figures.
export function drawMap() {}
