"""The program that `pulumi up` runs: declares the models of `stacks/<stack>.yaml`."""

# Each function is loaded when it is called: the first requests are under way by then.
from providers import lytics

stack = lytics.read_stack()
models = lytics.declare(stack)
lytics.export(models)
