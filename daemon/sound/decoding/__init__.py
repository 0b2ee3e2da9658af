"""From the bytes of a file or stream to samples, partly in a child process."""
