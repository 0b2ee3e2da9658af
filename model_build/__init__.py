"""Makes Timbrel's model file: recordings of instruments in, one `.tflite` out."""
