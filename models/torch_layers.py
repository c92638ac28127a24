# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0"]
# [tool.mask-conformance]
# title = "torch"
# environment = "torch"
# preload = ["torch", "conformance.probe.frameworks.torch"]
# targets = ["torch:*"]
# quick = ["torch:TransformerEncoderLayer", "torch:MultiheadAttention"]
# ///
"""Every layer of torch.nn that can be made from sizes."""
