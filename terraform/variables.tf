variable "project" {
  description = "Id of the Google Cloud project for all resources."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project id has 6 to 30 lower-case letters, digits and hyphens, and starts with a letter."
  }
}

variable "region" {
  description = "Region of the machine, the image registry and the secrets."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region looks like us-central1 or europe-west4."
  }
}

variable "zone" {
  description = "Zone of the machine, in the region."
  type        = string
  default     = "us-central1-a"

  validation {
    condition     = startswith(var.zone, "${var.region}-")
    error_message = "The zone must be in the region, for example us-central1-a in us-central1."
  }
}

variable "location" {
  description = "Location of the bucket and of all datasets. BigQuery can load only from a bucket in the same location."
  type        = string
  default     = "US"

  validation {
    condition     = contains(["US", "EU"], var.location) || can(regex("^[a-z]+-[a-z]+[0-9]+$", var.location))
    error_message = "The location is US, EU or a region such as europe-west4."
  }
}

variable "dataset" {
  description = "First part of the names of the datasets: DATASET_raw, DATASET_marts and so on."
  type        = string
  default     = "estore"

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,39}$", var.dataset))
    error_message = "A dataset's name has at most 40 lower-case letters, digits and underscores, and starts with a letter."
  }

  validation {
    condition     = !startswith(var.dataset, "pr_")
    error_message = "Names that start with pr_ belong to pull requests, whose datasets are deleted."
  }
}

variable "bucket" {
  description = "Globally unique name of the landing bucket; null: PROJECT-landing."
  type        = string
  default     = null

  validation {
    condition     = var.bucket == null || can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "A bucket's name has 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "landing_cold_days" {
  description = "Age in days after which event files move to a cheaper storage class. Only a replay reads them again."
  type        = number
  default     = 30

  validation {
    condition     = var.landing_cold_days >= 1
    error_message = "The value must be at least 1 day."
  }
}

variable "replaced_files_days" {
  description = "Number of days during which a replaced or deleted event file can be restored."
  type        = number
  default     = 30

  validation {
    condition     = var.replaced_files_days >= 7
    error_message = "The value must be at least 7 days, to leave time to notice a mistake."
  }
}

variable "max_bytes_billed" {
  description = "Maximum bytes that a query may read. A larger query fails before it costs anything. 1 TiB costs about 6.25 dollars."
  type        = number
  default     = 1099511627776

  validation {
    condition     = var.max_bytes_billed >= 10485760 && floor(var.max_bytes_billed) == var.max_bytes_billed
    error_message = "The value must be an integer of at least 10 MiB, BigQuery's minimum charge per table."
  }
}

variable "machine_type" {
  description = "Machine type for the Dagster daemon, its web server and the dashboard. With BigQuery, the machine only waits and publishes."
  type        = string
  default     = "e2-medium"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*-[a-z0-9-]+$", var.machine_type))
    error_message = "A machine type looks like e2-medium or n2-standard-4."
  }
}

variable "disk_gb" {
  description = "Size in GB of the disk for published snapshots, logs and Dagster's history."
  type        = number
  default     = 20

  validation {
    condition     = var.disk_gb >= 10 && var.disk_gb <= 2000
    error_message = "The value must be 10 to 2000 GB."
  }
}

variable "image" {
  description = "Container image of a new machine, by digest. Deployments change it later. Empty: the machine waits for the first deployment."
  type        = string
  default     = ""

  validation {
    condition     = var.image == "" || can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest: REGISTRY/NAME@sha256:…. A tag can be moved to different content."
  }
}

variable "operators" {
  description = "Members who may open the web pages and a shell through IAP, as user:… or group:…."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.operators : can(regex("^(user|group):[^@ ]+@[^@ ]+$", member))])
    error_message = "Operators are user:NAME@DOMAIN or group:NAME@DOMAIN; allUsers and domains are refused."
  }
}

variable "github_repository" {
  description = "The GitHub repository that deploys, OWNER/NAME."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "The value must be OWNER/NAME, as in the repository's address."
  }
}

variable "github_repository_id" {
  description = "The repository's number (`gh api repos/OWNER/NAME --jq .id`). Unlike a name, a number is never reused."
  type        = string

  validation {
    condition     = can(regex("^[0-9]+$", var.github_repository_id))
    error_message = "The value must be a number. `gh api repos/OWNER/NAME --jq .id` prints it."
  }
}

variable "github_branch" {
  description = "The branch whose merges are deployed."
  type        = string
  default     = "main"

  validation {
    condition     = can(regex("^[A-Za-z0-9._/-]+$", var.github_branch))
    error_message = "The value must be a branch name without refs/heads/."
  }
}

variable "state_bucket" {
  description = "The bucket for Terraform's state, which you create by hand before the first init."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "A bucket's name has 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "billing_account" {
  description = "Billing account of the budget alert, XXXXXX-XXXXXX-XXXXXX; null: no alert."
  type        = string
  default     = null

  validation {
    condition     = var.billing_account == null || can(regex("^[0-9A-F]{6}(-[0-9A-F]{6}){2}$", var.billing_account))
    error_message = "The value must be three groups of six characters, as `gcloud billing accounts list` prints them."
  }
}

variable "monthly_budget" {
  description = "Monthly budget, as an integer in the billing account's currency."
  type        = number
  default     = 100

  validation {
    condition     = var.monthly_budget >= 1 && floor(var.monthly_budget) == var.monthly_budget
    error_message = "The value must be an integer of at least 1."
  }
}

variable "alert_email" {
  description = "E-mail address for alerts about the budget and errors in the logs; null: only the billing administrators."
  type        = string
  default     = null

  validation {
    condition     = var.alert_email == null || can(regex("^[^@ ]+@[^@ ]+[.][^@ ]+$", var.alert_email))
    error_message = "The value must be an e-mail address."
  }
}

variable "log_days" {
  description = "Retention of the pipeline's logs in days."
  type        = number
  default     = 90

  validation {
    condition     = var.log_days >= 30 && var.log_days <= 3650
    error_message = "The value must be 30 to 3650 days."
  }
}
