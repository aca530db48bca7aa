"""What a change will do to a stack's models: read from a preview, shown in three ways.

`plan` reads what Pulumi says, `reading` makes a value of it, `markdown`, `page` and `screen` show
that value; only `asking` asks anybody anything, and never to write.
"""
