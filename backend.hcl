# The lock is an object beside the state: <key>.tflock.
bucket       = "sensors-local-state-123456789012"
key          = "local/sensors.tfstate"
region       = "eu-west-1"
encrypt      = true
use_lockfile = true
