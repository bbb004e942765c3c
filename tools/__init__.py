"""Commands of a checkout: deployment to AWS, and generated files. This file imports nothing."""
