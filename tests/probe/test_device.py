"""A probe on another device: JAX on a second host device, torch where the model is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import conformance
from conformance.errors import UsageError
from conformance.probe import devices
from conformance.records import read

ROOT = Path(__file__).parents[2]
MAIN = "from conformance.commands.cli import main; main()"
MODEL = """\
import jax.numpy as jnp

def mean(x, mask):
    keep = mask[..., None]
    return jnp.where(keep, x, 0).sum(1) / keep.sum(1)
"""


def probe(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run `probe` where JAX has two devices."""
    two = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    return subprocess.run(
        [sys.executable, "-c", MAIN, "probe", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **two},
    )


def test_jax_is_probed_on_the_device_that_is_asked_for(tmp_path: Path) -> None:
    pytest.importorskip("jax")
    path = tmp_path / "model.py"
    path.write_text(MODEL, encoding="utf-8")
    asked = ("--mask", "mask=keep", "--question", "more-padding", "-o", tmp_path)
    ended = probe(f"{path}:mean", *asked, "--device", "cpu:1")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    header = read(tmp_path / "probe.model.mean.jsonl").header
    assert (header.device, header.environment["device"]) == ("cpu:1", "cpu:1")


@pytest.mark.parametrize("name", ["torch", "jax"])
def test_a_device_that_is_not_there_is_one_sentence_and_status_2(
    name: str, tmp_path: Path
) -> None:
    module = pytest.importorskip(name)
    there = name == "torch" and module.cuda.is_available()
    there = there or (name == "jax" and module.default_backend() == "gpu")
    if there:
        pytest.skip("there is one")
    path = tmp_path / "model.py"
    path.write_text(f"import {name}\ndef f(x):\n    return x\n", encoding="utf-8")
    ended = probe(f"{path}:f", "--device", "cuda", "-o", tmp_path)
    assert ended.returncode == 2
    (line,) = [text for text in ended.stdout.splitlines() if "error:" in text]
    assert f"--device cuda: {name}" in line
    assert not list(tmp_path.glob("*.jsonl"))


def test_a_device_of_no_name_is_refused(tmp_path: Path) -> None:
    ended = probe("torch:LSTM", "--device", "tpu", "-o", tmp_path)
    assert ended.returncode == 2
    assert "--device is 'tpu', expected cpu, cuda" in ended.stderr


def test_a_model_in_hand_is_probed_where_it_is() -> None:
    with pytest.raises(UsageError, match=r"^device is 'cuda', expected none: a model"):
        conformance.probe(len, device="cuda")


def test_torch_inputs_are_put_where_the_model_is() -> None:
    torch = pytest.importorskip("torch")
    from conformance.probe.frameworks.torch.tree import device_of, tensors

    there = torch.nn.Linear(2, 2, device="meta")
    given = tensors({"x": np.ones((2, 3)), "n": 4}, "float32", there)
    assert (given["x"].device.type, given["n"]) == ("meta", 4)
    assert device_of(None).type == device_of(torch.nn.Linear(2, 2)).type == "cpu"


def test_recurrent_layers_alone_are_trained_while_gradients_are_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch = pytest.importorskip("torch")
    from conformance.probe.frameworks.torch import prepare

    monkeypatch.setattr(prepare, "_gpus", lambda _: [0])  # as if the CPU were a GPU
    torch.manual_seed(0)
    layer = torch.nn.LSTM(4, 3, num_layers=2, dropout=0.5, batch_first=True)
    model = torch.nn.ModuleList([layer, torch.nn.Dropout(0.5)]).eval()
    x = torch.ones(2, 5, 4)
    before = layer(x)[0]
    with prepare.allow_backward(model):
        assert [layer.training, layer.dropout, model[1].training] == [True, 0, False]
        torch.testing.assert_close(layer(x)[0], before)
    assert [layer.training, layer.dropout] == [False, 0.5]


@pytest.mark.filterwarnings("ignore")
def test_a_gpu_gives_a_recurrent_layers_gradients_and_keeps_its_numbers() -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("there is no GPU")
    torch.manual_seed(0)
    layer = torch.nn.LSTM(4, 3, batch_first=True).eval().to("cuda")
    state = torch.cuda.get_rng_state()
    asked = ("gradient", "parameter-gradient")
    found = conformance.probe(layer, questions=asked)
    assert {each.kind for each in found.answers} == {"leak"}  # it takes no mask
    assert not layer.training
    assert (torch.cuda.get_rng_state() == state).all()


def test_numpy_has_one_device() -> None:
    assert devices.describe("numpy") == {"device": "cpu"}
    assert devices.name_current("numpy") == "cpu"
