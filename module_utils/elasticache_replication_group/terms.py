# SPDX-License-Identifier: Apache-2.0
"""What the component needs to be allowed, what is worth waiting for, and what is no failure.  Pure."""

from __future__ import annotations

from ..alarms import PERMISSIONS as OF_ALARMS
from ..log_groups import PERMISSIONS as OF_LOG_GROUPS

# Without ec2:*NetworkInterface and ec2:DescribeVpcs ElastiCache cannot place nodes on the caller's behalf.
# Source: Service Authorization Reference, ElastiCache, dependent actions of CreateReplicationGroup.
PERMISSIONS = OF_ALARMS | OF_LOG_GROUPS | frozenset({
    "cloudwatch:GetMetricData", "elasticache:TestFailover",
    "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs", "elasticache:AddTagsToResource",
    "elasticache:CreateCacheParameterGroup", "elasticache:CreateCacheSubnetGroup",
    "elasticache:CreateGlobalReplicationGroup", "elasticache:DeleteGlobalReplicationGroup",
    "elasticache:DescribeGlobalReplicationGroups", "elasticache:DisassociateGlobalReplicationGroup",
    "elasticache:FailoverGlobalReplicationGroup",
    "elasticache:CreateReplicationGroup", "elasticache:CreateSnapshot", "elasticache:CreateUser",
    "elasticache:CreateUserGroup", "elasticache:DecreaseReplicaCount", "elasticache:DeleteUser",
    "elasticache:DeleteUserGroup", "elasticache:DescribeSnapshots", "elasticache:DescribeUserGroups",
    "elasticache:DescribeUsers",
    "elasticache:ModifyUser", "elasticache:ModifyUserGroup",
    "elasticache:DeleteCacheParameterGroup", "elasticache:DeleteCacheSubnetGroup",
    "elasticache:DeleteReplicationGroup", "elasticache:DescribeEngineDefaultParameters",
    "elasticache:DescribeCacheClusters", "elasticache:DescribeCacheEngineVersions",
    "elasticache:DescribeCacheParameterGroups", "elasticache:DescribeCacheParameters",
    "elasticache:DescribeCacheSubnetGroups", "elasticache:DescribeEvents", "elasticache:DescribeReplicationGroups",
    "elasticache:IncreaseReplicaCount", "elasticache:ListAllowedNodeTypeModifications",
    "elasticache:ListTagsForResource", "elasticache:ModifyCacheParameterGroup", "elasticache:ModifyCacheSubnetGroup",
    "elasticache:ModifyReplicationGroup", "elasticache:ModifyReplicationGroupShardConfiguration",
    "elasticache:RemoveTagsFromResource", "elasticache:ResetCacheParameterGroup", "kms:CreateGrant",
    "kms:DescribeKey",
    "secretsmanager:CreateSecret", "secretsmanager:DeleteSecret", "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:TagResource",
    "secretsmanager:UntagResource", "secretsmanager:UpdateSecretVersionStage",
    # Log delivery is set up on the caller's behalf.  Source: ElastiCache user guide, "Log delivery", permissions.
    "firehose:TagDeliveryStream", "iam:CreateServiceLinkedRole", "logs:CreateLogDelivery", "logs:DeleteLogDelivery",
    "logs:DescribeResourcePolicies", "logs:GetLogDelivery", "logs:ListLogDeliveries",
    "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
})  # fmt: skip

# What only a removal of the whole group takes.
PARTING = frozenset({"elasticache:DeleteCacheSubnetGroup", "elasticache:DeleteReplicationGroup"})

# A group that another call just touched takes no second one; subnet and parameter groups are in use until the nodes
# have left; the service-linked role appears a while after it was made.
# Source: API reference, Errors of CreateReplicationGroup, DeleteCacheSubnetGroup and DeleteCacheParameterGroup.
PATIENCE = {
    "InvalidReplicationGroupState": 600,
    "InvalidGlobalReplicationGroupState": 600,
    "InvalidCacheClusterState": 600,
    "CacheSubnetGroupInUse": 120,
    "InvalidCacheParameterGroupState": 120,
    "InvalidUserState": 120,
    "InvalidUserGroupState": 120,
    "UserNotFound": 60,
    "UserGroupNotFound": 60,
    "ServiceLinkedRoleNotFoundFault": 120,
    # A secret that was deleted for good keeps its name for a while, in either of two wordings.
    # Source: DeleteSecret API reference; hashicorp/terraform-provider-aws#5583, #10259.
    "InvalidRequestException:scheduled for deletion": 150,
    "InvalidRequestException:because it was deleted": 150,
}
# A step that an earlier run took already.  Source: terraform-provider-aws#16564.
HARMLESS = {"InvalidParameterCombination": "No modifications were requested", "NoOperationFault": ""}
