"""From a run to a model file of the daemon: int8 TFLite with a contract of the task `classes`."""
