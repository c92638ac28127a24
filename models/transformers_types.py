# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "transformers==5.24.0"]
# [tool.mask-conformance]
# title = "transformers"
# environment = "torch_third"
# preload = [
#     "torch", "transformers", "transformers.models.auto.modeling_auto",
#     "transformers.models.bert.modeling_bert", "conformance.probe.frameworks.torch",
# ]
# targets = ["hf:*"]
# seconds = 150
# quick = ["hf:bert", "hf:llama", "hf:t5", "hf:convbert", "hf:mobilebert", "hf:yoso"]
# [tool.mask-conformance.left-out]
# "hf:omniasr" = "its padding_mask is that of the audio, which no probe gives beside its ids"
# "hf:omniasr_ctc" = "a frame is 320 samples: the probe tries no rows of several"
# ///
"""Every type of transformers that has a model of its own, tiny and random."""
