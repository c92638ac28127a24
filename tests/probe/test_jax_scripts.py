"""A leak of any kind of JAX model is shown by a short script that needs no suite."""

from __future__ import annotations

import runpy
from typing import TYPE_CHECKING

import pytest

from conformance.probe.examine import examine
from conformance.probe.reproducer import LINES, script
from conformance.probe.settings import ProbeSettings
from conformance.probe.target import find

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("jax")

pytestmark = pytest.mark.filterwarnings("ignore")

MODELS = {
    "jax": """
import jax, jax.numpy as jnp

W = jax.random.normal(jax.random.PRNGKey(0), (4, 6))

@jax.jit
def model(x, mask):
    h = jnp.where(mask[..., None], x @ W, 1.0)
    return h - h.mean(1, keepdims=True)
""",
    "flax": """
import jax.numpy as jnp
from flax import linen as nn

class Model(nn.Module):
    @nn.compact
    def __call__(self, x, mask, train: bool = False):
        hidden = nn.Dense(6, kernel_init=nn.initializers.zeros)
        h = hidden(jnp.where(mask[..., None], x, 1.0))
        return h - h.mean(1, keepdims=True)

model = Model()
""",
    "flax.nnx": """
import jax.numpy as jnp
from flax import nnx

class Model(nnx.Module):
    def __init__(self, rngs):
        zeros = nnx.initializers.zeros
        self.first = nnx.Linear(4, 6, rngs=rngs, kernel_init=zeros, bias_init=zeros)

    def __call__(self, x, mask):
        h = self.first(jnp.where(mask[..., None], x, 1.0))
        return h - h.mean(1, keepdims=True)

model = Model(nnx.Rngs(0))
""",
    "haiku": """
import haiku as hk
import jax.numpy as jnp

def forward(x, mask):
    h = hk.Linear(6)(jnp.where(mask[..., None], x, 1.0))
    return h - h.mean(1, keepdims=True)

model = hk.transform(forward)
""",
    "equinox": """
import equinox as eqx, jax, jax.numpy as jnp

class Model(eqx.Module):
    first: eqx.nn.Linear

    def __call__(self, x, mask):
        h = jax.vmap(self.first)(jnp.where(mask[:, None], x, 1.0))
        return h - h.mean(0)

model = Model(eqx.nn.Linear(4, 6, key=jax.random.PRNGKey(0)))
""",
}


@pytest.mark.parametrize("question", ["more-padding", "left", "other-numbers"])
@pytest.mark.parametrize("needs", MODELS)
def test_a_leak_is_shown_by_a_script(
    needs: str, question: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip(needs)
    source = MODELS[needs]
    if question == "other-numbers":
        source = source.replace("jnp.where(mask[..., None], x, 1.0)", "x")
        source = source.replace("jnp.where(mask[:, None], x, 1.0)", "x")
        source = source.replace("mask[..., None], x @ W, 1.0", "True, x @ W, 1.0")
    name = f"model_of_{needs}_{question}".replace("-", "_").replace(".", "_")
    path = tmp_path / f"{name}.py"
    path.write_text(source, encoding="utf-8")
    report = examine(find(f"{path}:model"), ProbeSettings(questions=(question,)))
    (answer,) = report.leaks
    location = report.locations[question]
    lines = source.splitlines()
    assert "mean" in lines[location.site.line - 1]
    assert location.site.file == str(path)
    code = script(report, answer)
    assert 0 < len(code.splitlines()) <= LINES
    alone = tmp_path / "shown.py"
    alone.write_text(code, encoding="utf-8")
    runpy.run_path(str(alone))
    assert float(capsys.readouterr().out) > 1e-3
