"""The generated parts of the documents: made from the settings classes, the key table and the catalogue."""
