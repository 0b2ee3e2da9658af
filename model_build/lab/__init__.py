"""The lab: experiments on any labelled recordings, each described by one file."""
