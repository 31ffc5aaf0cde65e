"""Every request is held against botocore's model of its operation before a backend sees it."""
