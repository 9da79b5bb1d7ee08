"""CEL as Kubernetes speaks it: the engine, and the functions that it adds."""
