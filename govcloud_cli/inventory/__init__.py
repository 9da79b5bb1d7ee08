"""From a folder of YAML to a checked `model.inventory.Inventory`, or to every fault in it at once."""
