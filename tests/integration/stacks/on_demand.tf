# SPDX-License-Identifier: Apache-2.0
# A stream on demand, and nothing else.
resource "aws_kinesis_stream" "events" {
  name = "events"
  stream_mode_details { stream_mode = "ON_DEMAND" }
}
