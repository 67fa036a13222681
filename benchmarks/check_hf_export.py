"""Check the exports of a run with Hugging Face's own code: the run's reference tokens again, or exit code 1.

    TUNIX_RT_SIDE_PYTHON=/path/to/python python benchmarks/check_hf_export.py RUN_FOLDER BASE_MODEL_FOLDER

A tool for developers: it needs a side environment with torch, transformers, peft, safetensors and sentencepiece, which
the project itself does not install. The last line of its output is one JSON object.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def models(run: Path, base: Path) -> Iterator[tuple[str, Any]]:
    """Yield each export that Hugging Face can load, by its name."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    if (run / "exports" / "merged").is_dir():
        yield "merged", AutoModelForCausalLM.from_pretrained(run / "exports" / "merged", dtype=torch.float32)
    if (run / "exports" / "peft").is_dir():
        plain = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
        yield "peft", PeftModel.from_pretrained(plain, run / "exports" / "peft")


def check(run: Path, base: Path) -> int:
    """Compare every export with the reference, inside the side environment; return the exit code."""
    import torch
    from transformers import AutoTokenizer

    torch.set_num_threads(os.cpu_count() or 1)
    reference = json.loads((run / "exports" / "reference.json").read_text())
    tokenizer = AutoTokenizer.from_pretrained(run / "exports" / "merged")
    contract = json.loads((run / "exports" / "merged" / "prompt_contract.json").read_text())
    asked = [{"role": "user", "content": "{prompt}"}]
    templated = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    result: dict[str, Any] = {"chat_template": templated == tokenizer.bos_token + contract["prompt"]}
    for name, model in models(run, base):
        ends, same = model.generation_config.eos_token_id, 0
        for prompt, expected in zip(reference["prompts"], reference["completions"], strict=True):
            ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
            written = model.generate(
                input_ids=ids,
                max_new_tokens=reference["max_new_tokens"],
                do_sample=False,
                eos_token_id=ends,
                pad_token_id=tokenizer.pad_token_id,
            )
            found = written[0, ids.shape[1] :].tolist()
            same += found == expected["token_ids"]
        result[name] = {"prompts": len(reference["prompts"]), "same": same}
        print(f"{name:8} {same} of {len(reference['prompts'])} completions have the same greedy tokens")
    print(json.dumps(result))
    wrong = [
        name
        for name, found in result.items()
        if found is False or (found is not True and found["same"] < found["prompts"])
    ]
    return 1 if wrong else 0


def main() -> int:
    """Run the check in the side environment."""
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    if os.environ.get("TUNIX_RT_INSIDE_SIDE"):
        return check(Path(sys.argv[1]), Path(sys.argv[2]))
    side = os.environ.get("TUNIX_RT_SIDE_PYTHON")
    if not side:
        print(
            "set TUNIX_RT_SIDE_PYTHON to the Python of an environment with torch, transformers and peft",
            file=sys.stderr,
        )
        return 2
    environment = os.environ | {"TUNIX_RT_INSIDE_SIDE": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.run([side, *sys.argv], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
