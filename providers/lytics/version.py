"""The version that User-Agent, `lytics-ml --version`, pyproject.toml and the changelog share."""

VERSION = "0.2.0"
