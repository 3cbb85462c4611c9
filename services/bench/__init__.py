"""Measuring: speed, memory and accuracy of the whole assistant, as JSON and a picture."""
