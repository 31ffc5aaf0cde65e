"""What moto lacks, service by service. Each overlay extends moto where moto itself looks things up."""

from localcloud.overlays import cloudwatch, ec2, elasticache, kinesis, logs, s3, service_quotas, tagging


def install() -> None:
    """Put every overlay in place; called once, before the first request."""
    for overlay in (cloudwatch, ec2, elasticache, kinesis, logs, s3, service_quotas, tagging):
        overlay.install()
