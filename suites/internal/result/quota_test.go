package result

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheLeastQuotaOfAllGroupsHolds(t *testing.T) {
	const nested = "0::/user.slice/job.scope\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  float64
	}{
		"no cgroups": {nil, 0},
		"version 2, own group": {map[string]string{
			"proc/self/cgroup": nested, "sys/fs/cgroup/user.slice/job.scope/cpu.max": "150000 100000\n",
		}, 1.5},
		"version 2, a group above is tighter": {map[string]string{
			"proc/self/cgroup": nested, "sys/fs/cgroup/user.slice/job.scope/cpu.max": "400000 100000\n",
			"sys/fs/cgroup/user.slice/cpu.max": "50000 100000\n",
		}, 0.5},
		"version 2, no limit": {map[string]string{
			"proc/self/cgroup": nested, "sys/fs/cgroup/user.slice/job.scope/cpu.max": "max 100000\n",
		}, 0},
		"version 2, in a container": {map[string]string{
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "200000 100000\n",
		}, 2},
		"version 2, a group of a neighbour": {map[string]string{
			"proc/self/cgroup": nested, "sys/fs/cgroup/other.slice/cpu.max": "50000 100000\n",
		}, 0},
		"version 1": {map[string]string{
			"proc/self/cgroup": "4:memory:/m\n3:cpu,cpuacct:/a/b\n0::/\n",
			"sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us":  "-1\n",
			"sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us": "100000\n",
			"sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us":    "120000\n",
			"sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us":   "100000\n",
		}, 1.2},
		"version 1, the host's name of the group": {map[string]string{
			"proc/self/cgroup":                    "1:cpu:/docker/0123\n",
			"sys/fs/cgroup/cpu/cpu.cfs_quota_us":  "50000\n",
			"sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
		}, 0.5},
		"no word of the group": {map[string]string{"sys/fs/cgroup/cpu.max": "100000 100000\n"}, 1},
		"rubbish": {map[string]string{
			"proc/self/cgroup": "rubbish\n:\n0::../..\n", "sys/fs/cgroup/cpu.max": "fast\n",
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for path, text := range c.files {
				path = filepath.Join(root, path)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got := cpuQuota(root); got != c.want {
				t.Errorf("%v processors, want %v", got, c.want)
			}
		})
	}
}
