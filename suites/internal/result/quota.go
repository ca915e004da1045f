package result

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// cpuQuota is how many processors the cgroups grant this process, 0 without a
// limit: the least quota of its own group and of all above it, version 2
// (cpu.max) and version 1 (cpu.cfs_*) alike. root is "/" but in tests.
//
// Groups that do not exist below the mount are passed over: in a container
// without a cgroup namespace, /proc names the group as the host sees it, and
// the mount shows it as its root.
func cpuQuota(root string) float64 {
	v2, v1 := cpuGroups(filepath.Join(root, "proc/self/cgroup"))
	mount := filepath.Join(root, "sys/fs/cgroup")
	least := 0.0
	take := func(quota float64) {
		if quota > 0 && (least == 0 || quota < least) {
			least = quota
		}
	}
	for _, group := range upwards(v2) {
		for _, hierarchy := range []string{"", "unified"} {
			quota, period, _ := strings.Cut(firstLine(filepath.Join(mount, hierarchy, group, "cpu.max")), " ")
			take(share(quota, period))
		}
	}
	for _, group := range upwards(v1) {
		for _, hierarchy := range []string{"cpu", "cpu,cpuacct"} {
			dir := filepath.Join(mount, hierarchy, group)
			take(share(firstLine(filepath.Join(dir, "cpu.cfs_quota_us")), firstLine(filepath.Join(dir, "cpu.cfs_period_us"))))
		}
	}
	return least
}

// cpuGroups reads the process's groups, "/" where the file does not say.
func cpuGroups(path string) (v2, v1 string) {
	v2, v1 = "/", "/"
	text, err := os.ReadFile(path)
	if err != nil {
		return v2, v1
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3) // hierarchy:controllers:group
		switch {
		case len(fields) < 3:
		case fields[1] == "":
			v2 = fields[2]
		case slices.Contains(strings.Split(fields[1], ","), "cpu"):
			v1 = fields[2]
		}
	}
	return v2, v1
}

// upwards returns the group and each above it, up to the root.
func upwards(group string) []string {
	group = filepath.Clean("/" + group)
	groups := []string{group}
	for group != "/" {
		group = filepath.Dir(group)
		groups = append(groups, group)
	}
	return groups
}

// share is quota over period in processors, 0 for "max", -1 and what is no
// number.
func share(quota, period string) float64 {
	q, errQ := strconv.ParseFloat(quota, 64)
	p, errP := strconv.ParseFloat(period, 64)
	if errQ != nil || errP != nil || q <= 0 || p <= 0 {
		return 0
	}
	return q / p
}
