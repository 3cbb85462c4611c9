"""Skills: what the box can do by itself."""
