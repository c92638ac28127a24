# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "transformers==5.24.0"]
# [tool.mask-conformance]
# title = "transformers"
# way = "with eager attention"
# environment = "torch_third"
# preload = [
#     "torch", "transformers", "transformers.models.auto.modeling_auto",
#     "transformers.models.bert.modeling_bert", "conformance.probe.frameworks.torch",
# ]
# targets = ["hf:*@eager"]
# seconds = 90
# [tool.mask-conformance.left-out]
# "hf:omniasr@eager" = "its padding_mask is that of the audio, which no probe gives beside its ids"
# "hf:omniasr_ctc@eager" = "a frame is 320 samples: the probe tries no rows of several"
# ///
"""The types of transformers that have a choice of attention, on the eager one."""
