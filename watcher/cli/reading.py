"""Documents that a person names on the command line, read in a worker as the daemon reads them."""
