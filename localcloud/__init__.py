# SPDX-License-Identifier: Apache-2.0
"""The embedded AWS that Streambed runs and is tested on: moto's server on loopback, plus what moto lacks.

`python -m localcloud up` serves people; `localcloud.process.Cloud` serves tests. See docs/localcloud.md.
"""
