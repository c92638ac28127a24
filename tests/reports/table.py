"""Mistakes from public reports, with the adapter that makes each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.reports import fifth, fourth, layers, pooling, scores, second, third

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_GITHUB = "https://github.com/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A mistake that somebody made.

    Attributes:
        operation: The operation that it is one of here.
        function: The adapter's function, written from the thread.
        thread: Where it was reported.
        declared: What the adapter has to declare to be asked.
    """

    operation: str
    function: Callable[..., Any]
    thread: str
    declared: Mapping[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The thread's address."""
        return _GITHUB + self.thread


def _report(
    operation: str, function: Callable[..., Any], thread: str, **declared: Any
) -> Report:
    return Report(
        operation=operation, function=function, thread=thread, declared=declared
    )


_LEFT = {"placements": ("right", "left")}
FIRST = (
    _report(
        "masked_mean",
        pooling.whole_batch_count,
        "StarlightSearch/EmbedAnything/issues/210",
    ),
    _report("masked_mean", pooling.plain_mean, "HKUDS/LightRAG/pull/3675"),
    _report("masked_mean", pooling.mean_of_product, "d2l-ai/d2l-en/issues/2076"),
    _report(
        "masked_mean",
        pooling.without_both_ends,
        "speechbrain/speechbrain/issues/1048",
    ),
    _report(
        "masked_max",
        pooling.zeros_in_the_maximum,
        "facebookresearch/InferSent/issues/51",
    ),
    _report(
        "masked_max",
        pooling.minus_ten_in_the_maximum,
        "facebookresearch/InferSent/issues/51",
    ),
    _report(
        "masked_logsumexp", pooling.one_frame_too_many, "Wangpeiyi9979/ESD/issues/6"
    ),
    _report(
        "masked_variance", pooling.unmasked_unbiased, "NVIDIA-NeMo/Speech/issues/5401"
    ),
    _report("masked_variance", pooling.centres_padding, "espnet/espnet/pull/6571"),
    _report(
        "last_valid",
        pooling.first_zero_less_one,
        "huggingface/sentence-transformers/pull/2111",
    ),
    _report(
        "last_valid",
        pooling.last_of_the_padded_row,
        "openvinotoolkit/openvino.genai/pull/2757",
    ),
    _report(
        "last_valid", pooling.count_less_one, "unslothai/unsloth-zoo/pull/968", **_LEFT
    ),
    _report("reverse_sequence", pooling.flips_everything, "state-spaces/mamba/pull/52"),
    _report("mask_from_ids", pooling.not_zero, "piskvorky/gensim/issues/1900"),
    _report(
        "masked_softmax", scores.renormalised, "abisee/pointer-generator/issues/88"
    ),
    _report(
        "masked_softmax",
        scores.softmax_of_the_product,
        "georg-wolflein/good-features/pull/1",
    ),
    _report(
        "masked_softmax",
        scores.product_of_the_softmax,
        "NVIDIA/Megatron-LM/pull/731",
    ),
    _report(
        "masked_log_softmax",
        scores.log_softmax_of_minus_1e4,
        "dmlc/gluon-nlp/pull/1457",
    ),
    _report(
        "attention",
        scores.masked_rows,
        "lsdefine/attention-is-all-you-need-keras/issues/16",
    ),
    _report("attention", scores.no_key_mask, "facebookresearch/fairseq/issues/318"),
    _report("attention", scores.added_as_a_number, "mlverse/torch/pull/1208"),
    _report("attention", scores.mask_of_the_sums, "Kyubyong/transformer/pull/69"),
    _report("masked_loss", scores.by_all_positions, "tracel-ai/burn/issues/5568"),
    _report(
        "masked_loss",
        scores.mean_of_micro_batches,
        "huggingface/transformers/pull/34191",
    ),
    _report("masked_loss", scores.padded_frames_too, "NVIDIA/tacotron2/issues/244"),
    _report(
        "masked_loss", scores.by_the_number_of_rows, "keras-team/keras-core/pull/802"
    ),
    _report("masked_loss", scores.without_the_end, "huggingface/trl/issues/976"),
    _report("birnn", layers.last_output, "georgepar/slp/pull/7"),
    _report("conv1d", layers.lost_mask, "keras-team/keras/issues/12475"),
    _report(
        "masked_batch_norm", layers.lost_statistics_mask, "google/flax/issues/3690"
    ),
    _report(
        "crf_log_likelihood",
        layers.partition_over_padding,
        "harvardnlp/pytorch-struct/issues/46",
    ),
)
"""What the parts were widened by, once it had shown where they fell short."""

SECOND = (
    _report("masked_loss", second.everything_by_valid, "alibaba/ROLL/pull/444"),
    _report(
        "masked_loss", second.a_token_for_each_empty_row, "radixark/miles/pull/2796"
    ),
    _report(
        "masked_loss",
        second.summed_not_averaged,
        "vid-koci/bert-commonsense/issues/1",
    ),
    _report(
        "masked_loss",
        second.by_the_padded_positions,
        "lucidrains/voicebox-pytorch/issues/6",
    ),
    _report(
        "masked_loss",
        second.mean_of_row_means,
        "huggingface/transformers/issues/24839",
    ),
    _report(
        "masked_loss",
        second.token_mean_for_rows,
        "huggingface/transformers/issues/34510",
    ),
    _report("masked_loss", second.mean_of_the_product, "DeepX-inc/machina/pull/198"),
    _report("masked_loss", second.zeros_are_missing, "XDZhelheim/STAEformer/issues/17"),
    _report("masked_max", second.plain_maximum, "tensorflow/tensorflow/issues/49262"),
    _report("masked_max", second.fills_the_valid, "FudanNLP/fastNLP/issues/138"),
    _report("masked_sum", second.plain_sum, "NVIDIA-NeMo/Speech/pull/2648"),
    _report("masked_variance", second.unbiased, "pyannote/pyannote-audio/pull/2047"),
    _report("masked_softmax", second.over_the_rows, "PetrochukM/PyTorch-NLP/issues/2"),
    _report(
        "masked_softmax", second.discarded_fill, "facebookresearch/ParlAI/pull/3068"
    ),
    _report("masked_softmax", second.filled_with_minus_1e9, "ahrefs/ocannl/issues/548"),
    _report("attention", second.heads_of_other_rows, "line/lighthouse/pull/77"),
    _report("attention", second.queries_masked, "lucidrains/x-transformers/issues/172"),
    _report(
        "attention",
        second.first_step_only,
        "TransformerLensOrg/TransformerLens/pull/1617",
        **_LEFT,
    ),
    _report("attention", second.cut_on_the_left, "pytorch/pytorch/pull/79927", **_LEFT),
    _report("attention", second.wrong_stride, "microsoft/onnxruntime-genai/pull/1639"),
    _report("birnn", second.steps_on_zeros, "keras-team/keras/issues/1300"),
    _report("birnn", second.backward_reads_padding, "keras-team/keras/issues/3367"),
    _report("birnn", second.forgets_the_length, "pytorch/pytorch/pull/6327"),
    _report(
        "masked_batch_norm",
        second.statistics_of_everything,
        "tensorflow/tensorflow/issues/30161",
    ),
    _report(
        "masked_batch_norm",
        second.normed_padding,
        "NVIDIA-NeMo/Speech/pull/15562",
        padding={"masked_batch_norm": "zero"},
    ),
    _report(
        "mask_from_ids", second.end_is_padding, "huggingface/transformers/pull/41400"
    ),
    _report(
        "mask_from_features",
        second.features_that_cancel,
        "Kyubyong/transformer/pull/69",
    ),
    _report("conv1d", second.mask_from_the_end, "wenet-e2e/wenet/issues/1513"),
    _report("conv1d", second.not_masked_again, "pytorch/audio/pull/4206"),
    _report(
        "crf_log_likelihood", second.chain_without_mask, "keras-team/keras/pull/4621"
    ),
)
"""Thirty that were written after the parts were frozen for the second time."""

_GAPS = {"placements": ("right", "left", "gaps")}
THIRD = (
    _report("masked_mean", third.no_axis_in_the_count, "SeanLee97/AnglE/pull/102"),
    _report(
        "masked_mean", third.mean_with_zero_vectors, "mead-ml/mead-baseline/pull/325"
    ),
    _report(
        "masked_mean", third.width_of_the_longest, "speechbrain/speechbrain/pull/3086"
    ),
    _report("apply_mask", third.whole_rows_filled, "pytorch/pytorch/issues/12230"),
    _report("masked_max", third.plain_max, "keras-team/keras/pull/10913"),
    _report("masked_min", third.plain_min, "keras-team/keras/pull/19685"),
    _report("masked_std", third.plain_std, "NVIDIA-NeMo/Speech/pull/5403"),
    _report(
        "masked_variance", third.variance_of_the_padded, "rwth-i6/returnn/issues/575"
    ),
    _report(
        "masked_softmax",
        third.adds_the_smallest_number,
        "huggingface/transformers/pull/18057",
    ),
    _report("masked_softmax", third.fills_with_minus_1e10, "google/flax/pull/1527"),
    _report(
        "masked_log_softmax",
        third.log_softmax_of_the_product,
        "allenai/allennlp/pull/105",
    ),
    _report(
        "masked_logsumexp", third.sum_of_exponentials, "candle-org/MindAct/issues/171"
    ),
    _report(
        "attention",
        third.keeps_what_it_should_hide,
        "mlwithme/TransformerTranslation/issues/6",
    ),
    _report("masked_loss", third.empty_rows_count, "verl-project/verl/pull/4510"),
    _report("masked_loss", third.times_the_mask, "verl-project/verl/pull/6349"),
    _report(
        "masked_loss",
        third.weighs_rows_by_their_counts,
        "unslothai/unsloth-zoo/pull/1282",
    ),
    _report(
        "masked_loss",
        third.by_original_and_padded,
        "tensorflow/tensorflow/issues/39146",
    ),
    _report("masked_loss", third.row_means_over_all_steps, "d2l-ai/d2l-en/pull/2707"),
    _report(
        "masked_loss", third.mean_of_two_halves, "meta-pytorch/torchtune/pull/1875"
    ),
    _report(
        "masked_loss", third.unreduced_and_unmasked, "pytorch/pytorch/issues/12670"
    ),
    _report("masked_loss", third.ignores_a_class, "huggingface/trl/pull/6357"),
    _report(
        "masked_loss", third.sum_without_the_mask, "PrimeIntellect-ai/prime-rl/pull/506"
    ),
    _report(
        "masked_batch_norm",
        third.statistics_of_everything_masked,
        "freewym/espresso/issues/46",
    ),
    _report(
        "masked_batch_norm", third.statistics_with_zeros, "keras-team/keras/pull/3228"
    ),
    _report("birnn", third.last_step_of_zeros, "Atcold/NYU-DLSP20/pull/19"),
    _report("birnn", third.both_at_the_last_step, "yalesong/pvse/issues/13"),
    _report("birnn", third.backward_from_zeros, "pytorch/pytorch/issues/517"),
    _report(
        "crf_decode",
        third.decodes_the_first_steps,
        "allenai/allennlp/issues/3523",
        **_GAPS,
    ),
    _report("crf_log_likelihood", third.no_end, "keras-team/keras-contrib/issues/508"),
    _report("mask_from_ids", third.all_ones, "yg211/bert_nli/pull/3"),
)
"""Thirty from other threads still; 23 were named before the parts were widened."""

FOURTH = (
    _report(
        "masked_loss",
        fourth.mean_of_masked_squares,
        "Stable-Baselines-Team/stable-baselines3-contrib/pull/78",
    ),
    _report("masked_loss", fourth.mean_of_each_row, "allenai/open-instruct/pull/1161"),
    _report(
        "masked_max", fourth.zeros_under_the_maximum, "thunlp/HATT-Proto/issues/12"
    ),
    _report("masked_max", fourth.smallest_number_added, "allenai/allennlp/pull/4746"),
    _report("attention", fourth.lengths_forgotten, "jax-ml/jax/issues/23349"),
    _report("attention", fourth.cut_to_the_longest, "pytorch/pytorch/pull/100113"),
    _report("crf_decode", fourth.decodes_everything, "jiesutd/NCRFpp/issues/167"),
    _report("conv1d", fourth.frames_are_input, "NVIDIA/OpenSeq2Seq/issues/69"),
    _report("stack", fourth.mask_lost_between, "keras-team/keras/issues/18416"),
    _report(
        "last_valid",
        fourth.before_the_first_padding,
        "huggingface/transformers/issues/35909",
        **_GAPS,
    ),
)
"""Ten that were written after that."""

FIFTH = (
    _report(
        "masked_mean", fifth.mean_of_the_hidden_states, "jsboige/CoursIA/issues/15045"
    ),
    _report("last_valid", fifth.sum_less_one, "huggingface/peft/issues/3620", **_LEFT),
    _report("masked_loss", fifth.loss_by_all_tokens, "OpenNMT/OpenNMT-tf/issues/570"),
    _report("masked_loss", fifth.zeros_in_each_rows_mean, "dmlc/gluon-nlp/issues/238"),
    _report(
        "masked_softmax",
        fifth.padding_starts_one_late,
        "ajhalthor/Transformer-Neural-Network/issues/15",
    ),
    _report("attention", fifth.payload_always_seen, "theislab/CellFlow/issues/226"),
    _report(
        "masked_batch_norm",
        fifth.padding_in_the_batch_statistics,
        "ludvb/batchrenorm/pull/2",
    ),
    _report(
        "masked_loss", fifth.padding_by_its_id, "NVIDIA-NeMo/Megatron-Bridge/pull/4660"
    ),
    _report(
        "masked_std",
        fifth.moments_of_everything,
        "bayesflow-org/bayesflow/issues/726",
    ),
    _report(
        "masked_variance",
        fifth.squares_less_the_squared_mean,
        "k2-fsa/sherpa-onnx/pull/3857",
    ),
    _report("conv1d", fifth.results_not_zeroed, "salute-developers/GigaAM/pull/75"),
    _report("conv1d", fifth.reads_padded_frames, "espnet/espnet/pull/6660"),
    _report("masked_mean", fifth.mask_of_the_other_sense, "earthspecies/avex/pull/26"),
    _report(
        "masked_mean",
        fifth.first_and_last_averaged,
        "autoliuweijie/BERT-whitening-pytorch/issues/13",
    ),
    _report(
        "accumulated_loss",
        fifth.each_micro_batch_by_its_own,
        "PrimeIntellect-ai/prime-rl/pull/583",
    ),
    _report(
        "masked_softmax",
        fifth.distribution_times_the_mask,
        "yaserkl/RLSeq2Seq/issues/8",
    ),
    _report("birnn", fifth.runs_over_the_padded_batch, "kermitt2/delft/pull/232"),
    _report("masked_sum", fifth.mask_made_after_padding, "tinkoff-ai/CORL/issues/21"),
    _report(
        "masked_max",
        fifth.strips_trailing_padding,
        "NVIDIA-NeMo/Automodel/pull/3704",
        **_LEFT,
    ),
    _report(
        "accumulated_loss",
        fifth.predicts_its_own_label,
        "macrocosm-os/pretraining/pull/64",
    ),
)
"""Twenty that were written later, with the parts as they were for those ten."""

_IGNORES = "ignores the mask"
SAYS: Mapping[str, str] = {
    "whole_batch_count": "divides by the batch's number of valid positions",
    "plain_mean": _IGNORES,
    "mean_of_product": "multiplies the input by the mask and then counts padding",
    "without_both_ends": "leaves out each row's first and last valid position",
    "zeros_in_the_maximum": "takes 0 for minus infinity at padding",
    "minus_ten_in_the_maximum": "fills padding with -10",
    "one_frame_too_many": "takes the first position behind each row's end for valid",
    "unmasked_unbiased": "ignores the mask, and divides by one less than T",
    "centres_padding": "takes the mean off padding as well",
    "first_zero_less_one": "takes the first position alone of a row without padding",
    "last_of_the_padded_row": "gives the last position, padding or not",
    "count_less_one": "reads the mask as lengths",
    "flips_everything": "reverses the row as a whole",
    "not_zero": "takes 0 for padding whatever padding id is given",
    "renormalised": "applies the mask to the answer alone",
    "softmax_of_the_product": "multiplies the input by the mask",
    "product_of_the_softmax": "multiplies the answer alone by the mask",
    "log_softmax_of_minus_1e4": "takes -1e4 for minus infinity at padding",
    "masked_rows": "masks the padded queries, not the padded keys",
    "no_key_mask": _IGNORES,
    "by_all_positions": "divides by B * T",
    "mean_of_micro_batches": "the answers of every 2 rows",
    "padded_frames_too": _IGNORES,
    "by_the_number_of_rows": "divides by the number of rows",
    "without_the_end": "leaves out each row's last valid position",
    "last_output": _IGNORES,
    "lost_mask": _IGNORES,
    "lost_statistics_mask": _IGNORES,
    "partition_over_padding": "sums over the paths of the padded row",
    "everything_by_valid": "ignores the mask, and divides by the number of valid",
    "summed_not_averaged": "gives the sum where the mean is asked for",
    "mean_of_row_means": "takes the mean of the rows' means",
    "token_mean_for_rows": "takes the mean of all positions",
    "mean_of_the_product": "divides by",
    "plain_maximum": _IGNORES,
    "fills_the_valid": "takes the valid positions for padding",
    "plain_sum": _IGNORES,
    "unbiased": "divides by one less than the number of valid positions",
    "over_the_rows": "normalises over the batch, not over time",
    "discarded_fill": _IGNORES,
    "filled_with_minus_1e9": "fills padding with -1e9",
    "heads_of_other_rows": "tiles the mask over the heads",
    "queries_masked": "masks the padded queries, not the padded keys",
    "first_step_only": _IGNORES,
    "cut_on_the_left": "reads the mask as lengths",
    "steps_on_zeros": "lets padded steps update the state",
    "forgets_the_length": "cuts the output to the longest row",
    "statistics_of_everything": _IGNORES,
    "end_is_padding": "takes the id 2, an end of text, for padding",
    "features_that_cancel": "asks that the sum of the features is not zero",
    "mask_from_the_end": "masks the shorter answer with the first positions",
    "not_masked_again": "sets padding to zero before and leaves the bias",
    "chain_without_mask": _IGNORES,
    "no_axis_in_the_count": "divides by the batch's number of valid",
    "mean_with_zero_vectors": "divides by T, not by",
    "whole_rows_filled": "takes a row with any padding for padding",
    "plain_max": _IGNORES,
    "plain_min": _IGNORES,
    "plain_std": _IGNORES,
    "adds_the_smallest_number": "adds the dtype's smallest number to padding",
    "fills_with_minus_1e10": "fills padding with -1e10",
    "log_softmax_of_the_product": "multiplies the input by the mask",
    "empty_rows_count": "divides by all rows, those without a valid",
    "times_the_mask": "multiplies the loss by the mask after it is NaN",
    "by_original_and_padded": "divides by B * T",
    "row_means_over_all_steps": "divides each row's sum by T",
    "mean_of_two_halves": "takes the mean of the answers of every 2 rows",
    "unreduced_and_unmasked": _IGNORES,
    "ignores_a_class": "takes label 0 for padding",
    "sum_without_the_mask": _IGNORES,
    "statistics_of_everything_masked": _IGNORES,
    "statistics_with_zeros": "fills padding with 0 and then counts it",
    "last_step_of_zeros": "fills padding with 0 and then counts it",
    "both_at_the_last_step": "takes both final outputs at the last valid",
    "backward_from_zeros": "lets padded steps update the state",
    "decodes_the_first_steps": "reads the mask as lengths",
    "no_end": "never applies the end",
    "all_ones": _IGNORES,
    "mean_of_masked_squares": "multiplies the input by the mask",
    "mean_of_each_row": "takes the mean of the rows' means",
    "zeros_under_the_maximum": "multiplies by the mask, so that zero wins",
    "smallest_number_added": "adds the dtype's smallest number to padding",
    "lengths_forgotten": _IGNORES,
    "cut_to_the_longest": "drops the columns that are padding",
    "decodes_everything": _IGNORES,
    "frames_are_input": _IGNORES,
    "mask_lost_between": _IGNORES,
    "mean_of_the_hidden_states": _IGNORES,
    "sum_less_one": "reads the mask as lengths",
    "loss_by_all_tokens": "takes the mean of all positions",
    "zeros_in_each_rows_mean": "divides each row's sum by T",
    "padding_starts_one_late": "takes the first position behind each row's end for",
    "payload_always_seen": _IGNORES,
    "padding_in_the_batch_statistics": _IGNORES,
    "padding_by_its_id": "takes label 0 for padding",
    "moments_of_everything": _IGNORES,
    "squares_less_the_squared_mean": "takes the square of the mean off the mean of",
    "results_not_zeroed": "sets padding to zero before and leaves the bias",
    "reads_padded_frames": "reads what stands at padding, and masks its answer",
    "mask_of_the_other_sense": "takes the valid positions for padding",
    "first_and_last_averaged": _IGNORES,
    "each_micro_batch_by_its_own": "takes the mean of the micro-batches' means",
    "distribution_times_the_mask": "multiplies the answer alone by the mask",
    "runs_over_the_padded_batch": _IGNORES,
    "mask_made_after_padding": _IGNORES,
    "strips_trailing_padding": "counts everything up to the row's last valid",
    "predicts_its_own_label": "lets each position predict its own label",
    "before_the_first_padding": "gives the position before the first padded one",
}
"""What each is called, by its function's name; one that is absent has no name."""
