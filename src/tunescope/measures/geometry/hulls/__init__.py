"""How two convex hulls stand to each other: the compiled solvers beneath hull distances and DirectProbe."""
