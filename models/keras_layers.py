# /// script
# requires-python = ">=3.11"
# [tool.mask-conformance]
# title = "keras"
# targets = ["keras:*"]
# quick = ["keras:LSTM", "keras:GlobalMaxPooling1D", "keras:MultiHeadAttention"]
# [tool.mask-conformance.variants.tensorflow]
# dependencies = ["tensorflow==2.21.0", "keras==3.15.1"]
# environment = "tensorflow"
# variables = { KERAS_BACKEND = "tensorflow" }
# preload = ["keras", "conformance.probe.frameworks.keras.layers"]
# [tool.mask-conformance.variants.torch]
# dependencies = ["torch==2.13.0", "keras==3.15.1"]
# environment = "torch"
# variables = { KERAS_BACKEND = "torch" }
# preload = ["keras", "conformance.probe.frameworks.keras.layers"]
# [tool.mask-conformance.variants.jax]
# dependencies = ["jax==0.10.2", "keras==3.15.1"]
# environment = "jax"
# variables = { KERAS_BACKEND = "jax" }
# seconds = 400
# ///
"""Every layer of keras.layers that can be made from sizes, on three backends."""
