# SPDX-License-Identifier: Apache-2.0
"""What every part of Sotto needs: errors, paths, files, settings, programs. Standard library only."""
