"""Decisions: from an inventory to everything that shall exist. Pure; nothing here touches the world."""
