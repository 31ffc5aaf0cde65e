#!/usr/bin/python
# Copyright: Streambed contributors. Apache License 2.0 or GNU General Public License v3.0+, as you choose.
# SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
"""One ElastiCache replication group of Redis OSS or Valkey with its subnet and parameter groups, kept as declared."""

DOCUMENTATION = r"""
module: elasticache_replication_group
short_description: Keep one ElastiCache replication group (Redis OSS or Valkey) as declared
description:
  - Creates, changes and deletes the replication group of an environment, the cache subnet group it lives in, and the
    parameter group it has to itself.
  - Subnets and security groups are found by name and ownership tag, so no id has to be passed.
  - The parameter group is derived from engine, version and cluster mode; families are asked from AWS.
  - Encryption at rest and in transit are on unless they are switched off.
  - Changes that AWS takes in several steps become several calls in one plan. A run that ends between two of them is
    continued by the next one.
  - Options that are left out have no opinion on an existing group.
options:
  name:
    description: Id of the group, stored in lower case. Left out, it is C(<stack_name>-<environment_suffix>).
    type: str
  adopt:
    description:
      - Whether a group of this name that bears no ownership tags becomes ours, and with it the subnet group of
        O(cache_subnet_group_name). It keeps all that is not declared.
    type: bool
    default: false
  description:
    description: Description, 1 to 255 characters. A new group without one is described by its environment.
    type: str
  engine:
    description:
      - The engine. A new group without one is C(redis).
      - A change from C(redis) to C(valkey) is made in place and needs O(engine_version); there is no way back.
    type: str
    choices: [redis, valkey]
  engine_version:
    description:
      - Version such as C(7.1) or C(6.x), compared as far as it is written.
      - A new group without one gets the newest that AWS offers. There is no way back to an older one.
    type: str
  cache_node_type:
    description: Node type such as C(cache.t4g.small). Required for a new group. r6gd nodes imply data tiering.
    type: str
  cluster_mode:
    description:
      - Whether keys are spread over several node groups. Left out, it follows from the counts.
      - An existing group goes from C(disabled) over compatible to C(enabled), and not back. It may have keys in
        database 0 only, and its clients have to speak the cluster protocol by then.
    type: str
    choices: [disabled, enabled]
  num_cache_clusters:
    description: Nodes with O(cluster_mode=disabled), primary and replicas together, 1 to 6.
    type: int
  num_node_groups:
    description: Node groups (shards) with O(cluster_mode=enabled), 1 to 500; more than 90 nodes need a higher quota.
    type: int
  replicas_per_node_group:
    description: Replicas beside each primary with O(cluster_mode=enabled), 0 to 5.
    type: int
  node_groups:
    description:
      - Where the nodes of each node group are, in the order of the node groups; one entry without cluster mode.
      - Nodes of an existing group go to the zones that are stated, replicas first, and primaries by a failover.
    type: list
    elements: dict
    suboptions:
      slots:
        description:
          - The slots of the node group at its creation, such as C(0-8191); all together are 0 to 16383. Later AWS
            evens them out, and they cannot be chosen any more.
        type: str
      availability_zones:
        description: One zone for each node. At creation the first is the primary's; later order means nothing.
        type: list
        elements: str
  automatic_failover_enabled:
    description: Whether a replica takes over when a primary fails. Always true with O(cluster_mode=enabled).
    type: bool
  multi_az_enabled:
    description:
      - Whether a primary and its replicas are in different zones.
      - Where the subnets offer two zones, the nodes are read back and have to be in two.
    type: bool
  at_rest_encryption_enabled:
    description: Encryption at rest, chosen when the group is created.
    type: bool
    default: true
  kms_key_id:
    description: Key for encryption at rest, as id, ARN or alias, chosen when the group is created.
    type: str
  transit_encryption_enabled:
    description: Encryption in transit (TLS).
    type: bool
    default: true
  transit_encryption_mode:
    description:
      - Whether clients without TLS are let in (C(preferred)) or not (C(required)).
      - A new group without one is C(required); TLS that is switched on later is C(preferred) until this says otherwise.
    type: str
    choices: [preferred, required]
  auth_token:
    description:
      - AUTH token, 16 to 128 letters, digits or characters of C(!&#$^<>-). It cannot be read back from AWS.
      - Sent when the group is created, when it has no token, and when O(auth_token_version) changes; never otherwise.
    type: str
  auth_token_version:
    description:
      - A name of your own for the present O(auth_token), such as a secret's version id, kept as a tag on the group.
      - When it changes, the token is rotated. ROTATE lets both tokens in, then SET shuts the old one out.
      - That is done immediately, and is refused while other changes wait for the maintenance window.
    type: str
  auth_token_secret_arn:
    description:
      - Secret in Secrets Manager whose text is the AUTH token, instead of O(auth_token) and O(auth_token_version).
      - The token is read only when it is sent. The id of its version C(AWSCURRENT) is kept as a tag on the group, so
        the token is rotated when that changes.
    type: str
  auth_token_generation:
    description:
      - A number of your own. For each, one AUTH token is made and kept in the secret C(<name>-auth-token) in Secrets
        Manager, which is the group's own; a higher number makes the next token and rotates to it.
      - Clients read the new token as C(AWSCURRENT) between ROTATE and SET. The secret goes with the group.
    type: int
  user_group_id:
    description:
      - A user group of your own, whose users are let in instead of everybody with the token; an empty text is none.
      - A group with an AUTH token goes to a user group in one call, which deletes the token, and back in two.
      - Such changes are made immediately, and are refused while others wait for the maintenance window.
    type: str
  users:
    description:
      - Users who are let in (role-based access control), kept in a user group of the group's own, which bears its name.
        Who is not named goes, and C([]) is no users and no user group.
      - Redis wants a user C(default) among them, Valkey takes no users without authentication.
      - Left out, own users stay as they are, unless O(user_group_id) is stated; then they go once nobody uses them.
    type: list
    elements: dict
    suboptions:
      user_name:
        description:
          - Name with which the user logs in. The id is C(<name of the group>-<user_name>) in lower case.
          - With C(iam) the id is the name, so that has to begin with the name of the group and a hyphen.
        type: str
        required: true
      access_string:
        description: What the user may do, such as C(on ~sensors:* +@read); compared in AWS's form of it.
        type: str
        required: true
      authentication_type:
        description: How the user shows who it is; C(iam) needs Redis 7.0 or Valkey.
        type: str
        choices: [password, no-password-required, iam]
        default: password
      password_secret_arns:
        description:
          - One or two secrets in Secrets Manager whose texts are the user's passwords, 16 to 128 characters each.
          - They are read only when they are sent. The ids of their versions C(AWSCURRENT) are kept as a tag on the
            user, so the passwords are sent again when one of these changes.
        type: list
        elements: str
  port:
    description: Port that the nodes listen on, chosen when the group is created. AWS's default is 6379.
    type: int
  cache_parameter_group_name:
    description:
      - A parameter group of your own; it has to fit engine, version and cluster mode.
      - Left out, it is the group's own with O(parameters), and C(default.<family>) otherwise, with C(.cluster.on)
        behind it in cluster mode.
    type: str
  parameters:
    description:
      - Parameters of the engine by name, kept in a parameter group of the group's own, which bears its name. What is
        not named has AWS's value, and C({}) is such a parameter group with nothing set.
      - The plan says which values nodes take over when they are rebooted only.
      - Another family or cluster mode gets a parameter group C(<name>-<family>), with C(-cluster) behind it where that
        one is taken, and the former one goes after the group has moved.
      - C(cluster-enabled) follows from O(cluster_mode). Left out, an own parameter group stays as it is.
    type: dict
  cache_subnet_group_name:
    description: Name of the cache subnet group that this module keeps. Left out, it is the group's name.
    type: str
  subnet_tier:
    description: Tier of the environment's own subnets, by their tag C(streambed:tier). Left out, it is C(cache).
    type: str
  subnet_ids:
    description: Subnets by id, instead of O(subnet_tier).
    type: list
    elements: str
  security_group_names:
    description:
      - Security groups of the environment, C(app) standing for C(<stack_name>-<environment_suffix>-app).
      - Left out, it is C(cache).
    type: list
    elements: str
  security_group_ids:
    description: Security groups by id, instead of O(security_group_names).
    type: list
    elements: str
  network_type:
    description: Addresses of the nodes, chosen when the group is created; the subnets have to offer them.
    type: str
    choices: [ipv4, ipv6, dual_stack]
  ip_discovery:
    description: Which of these addresses the endpoints lead to; C(ipv6) needs O(network_type=ipv6) or C(dual_stack).
    type: str
    choices: [ipv4, ipv6]
  snapshot_name:
    description: Snapshot whose data a new group begins with. It says nothing of a group that is there.
    type: str
  snapshot_arns:
    description:
      - RDB files in S3 whose data a new group begins with, by ARN, with O(cluster_mode=disabled). They say nothing of a
        group that is there.
    type: list
    elements: str
  snapshot_retention_days:
    description: Days for which automatic snapshots are kept, 0 (no snapshots) to 35.
    type: int
  allow_snapshot_retention_decrease:
    description: Whether O(snapshot_retention_days) may shrink; older automatic snapshots are deleted.
    type: bool
    default: false
  snapshot_window:
    description: Daily time of snapshots in UTC, such as C(03:00-04:00), at least 60 minutes.
    type: str
  preferred_maintenance_window:
    description: Weekly time of maintenance in UTC, such as C(sun:05:00-sun:06:00), at least 60 minutes.
    type: str
  notification_topic_arn:
    description: SNS topic that hears of events; an empty text silences the present one.
    type: str
  auto_minor_version_upgrade:
    description: Whether AWS installs minor versions by itself.
    type: bool
  log_delivery:
    description:
      - Logs that are delivered, one entry for each O(log_delivery[].log_type); an empty list is none.
      - Changes are made immediately, and are refused while others wait for the maintenance window.
    type: list
    elements: dict
    suboptions:
      log_type:
        description: Which log; C(engine-log) needs Redis 6.2, C(slow-log) Redis 6.0.
        type: str
        choices: [slow-log, engine-log]
        required: true
      destination_type:
        description: Where to.
        type: str
        choices: [cloudwatch-logs, kinesis-firehose]
        required: true
      destination:
        description:
          - Name of the log group or of the delivery stream.
          - Left out, with C(cloudwatch-logs), it is a log group of the environment's own, which comes and goes with the
            log. It is called C(/streambed/), the group's name and the type of the log.
        type: str
      log_format:
        description: Form of the entries.
        type: str
        choices: [json, text]
        default: json
      retention_days:
        description: For how many days the environment's own log group keeps entries. Left out, it stays as it is.
        type: int
      kms_key_id:
        description:
          - ARN of the key under which the environment's own log group keeps entries; empty is AWS's own.
          - The key's policy has to let CloudWatch Logs use it.
        type: str
  alarms:
    description:
      - CloudWatch alarms on each node, each with the threshold above which it goes off. They come and go with the
        nodes. Empty is none.
    type: dict
    suboptions:
      engine_cpu_percent:
        description: How busy the engine's own core may be on average, five minutes in a row, in percent.
        type: float
      memory_percent:
        description: How much of the memory for data may be used on average, five minutes in a row, in percent.
        type: float
      evictions:
        description: How many keys may be evicted in a minute, five minutes in a row.
        type: float
      replication_lag_seconds:
        description: How far behind its primary a replica may be for 15 minutes, in seconds.
        type: float
      connections:
        description: How many clients may be connected on average, ten minutes in a row.
        type: float
      actions:
        description: ARNs that are told when an alarm goes off and when it is over, topics of SNS say; five at most.
        type: list
        elements: str
  apply_immediately:
    description:
      - Whether node type, version, failover, TLS and cluster mode change now instead of in the maintenance window.
      - What waits for the window is returned as RV(scheduled) and is not asked for again.
      - When it is true, AWS also applies what was waiting before.
    type: bool
    default: false
  global_replication_group_id_suffix:
    description:
      - Begins a global datastore with this group as its primary, once the group is as it is declared. AWS puts five
        letters of the region before the suffix; the whole id is C(global_replication_group_id) of the result.
      - Lower-case letters, digits and hyphens. Nodes are of size large or above and do not burst, from version 5.0.6
        on, with IPv4 only.
      - What all members share is not changed while the group is in it - engine, version, node type, cluster mode and
        number of node groups, failover, encryption and AUTH token.
    type: str
  global_replication_group_id:
    description:
      - A global datastore of another region, by its whole id, which a new group joins as a secondary. AWS takes no
        group that exists already.
      - A secondary has from its primary what all members share, and failover and Multi-AZ at its birth; these options
        are of no effect on it. Subnets, security groups, replicas, users, windows and tags are its own.
      - An empty text leaves. A secondary is let go; with a primary whom nobody follows the datastore ends. Both stay as
        groups of their own, with all that is declared.
    type: str
  global_replication_group_role:
    description:
      - C(primary) promotes a secondary that is there, with O(allow_global_failover); the present primary follows it.
        What all members share has to be declared as it is by then, or not at all.
      - C(secondary) says that another one is written to, and is refused where that is not so. Nothing is no opinion.
    type: str
    choices: [primary, secondary]
  allow_global_failover:
    description: Leave to promote a secondary. What was not replicated yet is lost.
    type: bool
    default: false
  allow_memory_decrease:
    description: Whether node groups may become fewer or nodes smaller; keys that no longer fit are evicted.
    type: bool
    default: false
  final_snapshot:
    description: Whether a last snapshot is taken when the group is deleted.
    type: bool
    default: true
  final_snapshot_name:
    description: Name of that snapshot. Left out, it is derived from the group's name and time of creation.
    type: str
extends_documentation_fragment:
  - streambed
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
author:
  - Streambed contributors (@streambed)
"""

EXAMPLES = r"""
- name: Keep a small group without cluster mode
  elasticache_replication_group:
    stack_name: sensors
    environment_suffix: dev
    engine: valkey
    engine_version: "8.0"
    cache_node_type: cache.t4g.small
    num_cache_clusters: 2
    automatic_failover_enabled: true
    multi_az_enabled: true

- name: Keep three node groups with two replicas each, changed in the maintenance window
  elasticache_replication_group:
    stack_name: sensors
    environment_suffix: prod
    engine: redis
    engine_version: "7.1"
    cache_node_type: cache.r7g.large
    cluster_mode: enabled
    num_node_groups: 3
    replicas_per_node_group: 2
    automatic_failover_enabled: true
    multi_az_enabled: true
    transit_encryption_mode: required
    snapshot_retention_days: 14
    snapshot_window: 02:00-03:00
    preferred_maintenance_window: sun:04:00-sun:05:00
    alarms:
      engine_cpu_percent: 90
      memory_percent: 80
      evictions: 0
      actions: ["arn:aws:sns:eu-west-1:123456789012:on-call"]

- name: Keep a group with parameters of its own, its logs in CloudWatch, and its token in Secrets Manager
  elasticache_replication_group:
    stack_name: sensors
    environment_suffix: staging
    engine: valkey
    engine_version: "8.0"
    cache_node_type: cache.t4g.small
    num_cache_clusters: 2
    automatic_failover_enabled: true
    parameters:
      maxmemory-policy: allkeys-lru
      activedefrag: true
    log_delivery:
      - log_type: slow-log
        destination_type: cloudwatch-logs
        destination: /sensors/staging/cache
    auth_token_secret_arn: arn:aws:secretsmanager:eu-west-1:123456789012:secret:sensors-staging-cache-Ab1Cd2

- name: Let in an application with a password and a job with its IAM role, and nobody else
  elasticache_replication_group:
    stack_name: sensors
    environment_suffix: staging
    engine: valkey
    engine_version: "8.0"
    cache_node_type: cache.t4g.small
    num_cache_clusters: 2
    users:
      - user_name: app
        access_string: on ~readings:* +@read +@write
        password_secret_arns: [arn:aws:secretsmanager:eu-west-1:123456789012:secret:sensors-staging-app-Ab1Cd2]
      - user_name: sensors-staging-job
        access_string: on ~* +@read
        authentication_type: iam

- name: Remove the group with all that belongs to it, keeping a last snapshot
  elasticache_replication_group:
    stack_name: sensors
    environment_suffix: dev
    state: absent
"""

RETURN = r"""
calls:
  description: The writes that were made, or in check mode would be made, in order.
  returned: success
  type: list
  elements: dict
  sample:
    - service: elasticache
      operation: increase_replica_count
      params: {ReplicationGroupId: sensors-dev, NewReplicaCount: 2, ApplyImmediately: true}
      "on": replication group sensors-dev
      why: increase to 2 replicas for each primary
      change: in place
resource:
  description:
    - The group as it is after the run, in the words of the options, with C(arn), C(zones) and its endpoints.
    - In cluster mode clients connect to C(configuration_endpoint), otherwise to C(primary_endpoint) and
      C(reader_endpoint), at C(port).
    - C(log_delivery_errors) says, by the type of log, why AWS does not deliver it.
  returned: success
  type: dict
  sample: {name: sensors-dev, configuration_endpoint: clustercfg.sensors-dev.abc.euw1.cache.amazonaws.com, port: 6379}
calls_left:
  description: Calls that a run without O(wait) left to a later one, since they need what is still in the making.
  returned: success
  type: list
  elements: dict
scheduled:
  description: Options whose change waits for the maintenance window.
  returned: success
  type: dict
  sample: {cache_node_type: "cache.r7g.large in the maintenance window sun:04:00-sun:05:00"}
foreign:
  description: What others have put into it; always empty here.
  returned: success
  type: list
  elements: dict
waiting_for:
  description: What AWS was still in the middle of at the last look.
  returned: success
  type: list
  elements: str
aws_calls:
  description: Calls made, as C(reads) and C(writes).
  returned: success
  type: dict
"""

from ansible.module_utils.elasticache_replication_group.component import COMPONENT
from ansible.module_utils.reconcile.entry import run


def main() -> None:
    run(COMPONENT)


if __name__ == "__main__":
    main()
