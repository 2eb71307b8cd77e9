"""What rings the bell: an engine claims what is due and runs the pipeline's verbs on it."""
