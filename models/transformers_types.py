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
# seconds = 240
# settings."hf:wav2vec2" = { time = 211 }
# settings."hf:wav2vec2-conformer" = { time = 211 }
# settings."hf:hubert" = { time = 211 }
# settings."hf:wavlm" = { time = 211 }
# settings."hf:unispeech" = { time = 211 }
# settings."hf:unispeech-sat" = { time = 211 }
# settings."hf:sew" = { time = 211 }
# settings."hf:sew-d" = { time = 211 }
# settings."hf:data2vec-audio" = { time = 211 }
# quick = ["hf:bert", "hf:llama", "hf:t5", "hf:convbert", "hf:mobilebert", "hf:yoso"]
# [tool.mask-conformance.left-out]
# "hf:omniasr" = "its result has not been looked at by hand"
# "hf:omniasr_ctc" = "its result has not been looked at by hand"
# ///
"""Every type of transformers that has a model of its own, tiny and random."""
