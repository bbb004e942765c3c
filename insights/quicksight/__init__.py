"""QuickSight: the CloudFormation template made from the dashboard's definition, and its checks."""
