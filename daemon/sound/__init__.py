"""Sound from microphones, cameras and files, cut into windows of 4 s."""
