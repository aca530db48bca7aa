"""What `--help` shows below a command's options: examples, and the page that says more."""

from collections.abc import Mapping

from providers.lytics.pages import page

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "validate": ("validate", "validate prod --online", "validate --json"),
    "list": ("list", "list --stack prod", "list --json", "list --retired"),
    "show": ("show grow-customer-base", "show 915f08ab --all"),
    "audiences": ("audiences", "audiences grow-customer-base", "audiences --mermaid"),
    "import": ("import --stack prod --dry-run", "import --stack prod --active --match 'churn*'"),
    "retrain": ("retrain grow-customer-base --stack prod",),
    "keep-name": ("keep-name grow-customer-base --stack prod",),
    "init": ("init staging", "init staging --from dev"),
    "move": ("move grow-customer-base dev staging",),
    "recover": ("recover", "recover --stack prod --yes", "recover --stack prod --retire"),
    "prune": ("prune --stack prod --dry-run", "prune --stack prod --keep 2 --yes"),
    "rules": ("rules", "rules --stack prod"),
    "schema": ("schema", "schema --check"),
    "review": (
        "review --stack prod",
        "review --stack prod --markdown review.md --html review.html --save-plan plan.json",
        "review --stack prod --json",
    ),
    "rehearse": ("rehearse --stack prod", "rehearse --stack prod --json"),
    "promote": (
        "promote staging prod",
        "promote staging prod grow-customer-base --dry-run",
        "promote staging prod --check --pending",
        "promote staging prod --rollback grow-customer-base",
    ),
    "drift": ("drift --stack prod", "drift --stack prod --markdown drift.md"),
    "doctor": ("doctor --stack prod",),
    "watch": ("watch --stack prod", "watch --stack prod --html watch.html"),
    "history": ("history", "history grow-customer-base"),
    "compare": ("compare grow-customer-base churn",),
    "card": ("card grow-customer-base",),
}
"""By command; a test reads every one as the command line does."""

PAGES: Mapping[str, str] = {
    "validate": "guides/declare",
    "list": "guides/look",
    "show": "guides/look",
    "audiences": "guides/audiences",
    "import": "guides/take-over",
    "retrain": "guides/declare#what-each-change-does",
    "keep-name": "guides/audiences#keep-the-name",
    "init": "start/account",
    "move": "guides/move",
    "recover": "guides/recover",
    "prune": "guides/leave#clean-up",
    "rules": "guides/rules",
    "schema": "reference/stack-file",
    "review": "guides/review",
    "rehearse": "guides/rehearse",
    "promote": "guides/promote",
    "drift": "guides/drift",
    "doctor": "guides/doctor",
    "watch": "guides/watch",
    "history": "guides/watch#the-history",
    "compare": "guides/compare-and-cards",
    "card": "guides/compare-and-cards#a-card-for-each-model",
}
"""The page of each command, as `page` takes it."""


def epilog(command: str) -> str:
    """Return what stands below a command's options; the first sign keeps the lines apart."""
    examples = [f"  bin/lytics-ml {example}" for example in EXAMPLES[command]]
    return "\n".join(["\b", "Examples:", *examples, "", "\b", f"More: {page(PAGES[command])}"])
