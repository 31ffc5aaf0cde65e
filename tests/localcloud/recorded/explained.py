# SPDX-License-Identifier: Apache-2.0
"""Where a recorded answer shows what localcloud does not, and why that is right.

`SHAPES`: recording -> patterns of the paths that may be absent. `ERRORS`: recording -> why it cannot be provoked.
"""

from __future__ import annotations

_METRIC = r"(Quota|Quotas\[\])\.(UsageMetric|Period)(\..+)?"
#: The recorded quotas are of services and rates that localcloud does not count; its own have neither.
_QUOTAS = (_METRIC,)
#: Nothing rotates secrets here, or replicates them; version ids are the keys of a map.
_ROTATION = (
    r"KmsKeyId|Last(Accessed|Rotated)Date|NextRotationDate|PrimaryRegion|ReplicationStatus.*|Rotation.*",
    r"VersionIdsToStages\..+",
)
#: Instances are not among what localcloud keeps, nor the public addresses of theirs and of load balancers.
_INSTANCES = (r"NetworkInterfaces\[\]\.(Attachment\.InstanceId|PrivateIpAddresses\[\]\.Association(\..+)?)",)
#: Global datastores are not there.
_GLOBAL = (r".*GlobalReplicationGroup(Id|MemberRole)",)

SHAPES: dict[str, tuple[str, ...]] = {
    # Set by a change of throughput or of the class, in the past of that table.
    "dynamodb/describe-table/custodian-dynamodb-cross-account-filter": (
        r"Table\.ProvisionedThroughput\.LastDecreaseDateTime|Table\.TableClassSummary.*",
    ),
    # The CLI prints null where the service says nothing.
    "dynamodb/scan/cli-example": ("ConsumedCapacity",),
    # In the middle of making an index.
    "dynamodb/update-table/cli-example-2": (r".*\.Backfilling|.*\.LastIncreaseDateTime",),
    # A log that cannot deliver: the setting of the fault is another test.
    "ec2/describe-flow-logs/custodian-vpc-flow-logs-absent": (r"FlowLogs\[\]\.DeliverLogsErrorMessage",),
    "ec2/describe-network-interfaces/cli-example": _INSTANCES,
    "ec2/describe-network-interfaces/custodian-ecs-task-network-location-filter-sg": _INSTANCES,
    # A route to an instance's interface.
    "ec2/describe-route-tables/custodian-peer-miss-route-filter": (r"RouteTables\[\]\.Routes\[\]\.NetworkInterfaceId",),
    # A cluster of memcached; the tags were put in by custodian.
    "elasticache/describe-cache-clusters/custodian-elasticache-vpc-filter": (
        r"CacheClusters\[\]\.(ConfigurationEndpoint(\..+)?|Tags)",
    ),
    "elasticache/describe-replication-groups/custodian-replication-group-global-ds-cluster-delete": _GLOBAL,
    "elasticache/modify-replication-group/cli-example": _GLOBAL,
    "secretsmanager/describe-secret/cli-example": _ROTATION,
    "secretsmanager/describe-secret/custodian-secrets-manager-version-age": _ROTATION,
    "service-quotas/get-aws-default-service-quota/cli-example": _QUOTAS,
    "service-quotas/get-service-quota/cli-example": _QUOTAS,
    "service-quotas/list-aws-default-service-quotas/custodian-service-quota-statistic-override": _QUOTAS,
    "service-quotas/list-service-quotas/custodian-service-quota": _QUOTAS,
}

ERRORS: dict[str, str] = {
    "s3/get-bucket-encryption/error-serversideencryptionconfigurationnotfounderror": (
        "older than 2023: since then every bucket is encrypted"
    ),
    "secretsmanager/describe-secret/error-accessdeniedexception": (
        "JSON services answer 400 to what is denied; the recorder kept its own status"
    ),
}
