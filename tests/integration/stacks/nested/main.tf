# SPDX-License-Identifier: Apache-2.0
# Modules in modules, as the workspace dev keeps them.
module "platform" {
  source = "./parts"
  name   = "dev"
}
