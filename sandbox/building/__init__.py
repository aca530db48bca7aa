"""From a model that is asked for to its numbers: builds, training, summaries."""
