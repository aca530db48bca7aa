"""The program that `pulumi up` runs: declares the models of `stacks/<stack>.yaml`."""

from providers.lytics import declare, export, read_stack

stack = read_stack()
models = declare(stack)
export(models)
