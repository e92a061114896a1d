"""One file per resource; each makes a blueprint over the app's dependencies."""
