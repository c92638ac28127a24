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
# quick = ["hf:bert", "hf:llama", "hf:t5", "hf:convbert", "hf:mobilebert", "hf:yoso"]
# [tool.mask-conformance.left-out]
# "hf:hubert" = "frames that straddle a row's end cannot be told from those inside it"
# "hf:sew" = "frames that straddle a row's end cannot be told from those inside it"
# "hf:sew-d" = "frames that straddle a row's end cannot be told from those inside it"
# "hf:unispeech" = "frames that straddle a row's end cannot be told from those inside it"
# "hf:unispeech-sat" = "frames that straddle a row's end cannot be told from those inside it"
# "hf:wav2vec2" = "frames that straddle a row's end cannot be told from those inside it"
# "hf:wavlm" = "frames that straddle a row's end cannot be told from those inside it"
# "hf:data2vec-audio" = "frames that straddle a row's end cannot be told from those inside it; it leaks, see the findings"
# "hf:wav2vec2-conformer" = "frames that straddle a row's end cannot be told from those inside it; it leaks, see the findings"
# "hf:lasr_ctc" = "frames that straddle a row's end cannot be told from those inside it"
# "hf:omniasr" = "its result has not been looked at by hand"
# "hf:omniasr_ctc" = "its result has not been looked at by hand"
# ///
"""Every type of transformers that has a model of its own, tiny and random."""
